/** The messages between kernel and page: the twin of `routebook_kernel/protocol.py`, which explains them. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Pairs = [string, string][];
export type MarkKind = "new" | "changed" | "stale" | "conflict" | "shadowed";

export interface CellRef {
  cell_id: string | null;
  label: string;
  line: number | null;
}

export interface Mark {
  kind: MarkKind;
  text: string;
}

export interface OperationState {
  id: string;
  method: string;
  path: string;
  tags: string[];
  summary: string;
  deprecated: boolean;
  endpoint?: string;
  operation: { [key: string]: Json };
  cell: CellRef | null;
  marks: Mark[];
}

export interface ServerState {
  status: "stopped" | "starting" | "running" | "failed";
  url: string | null;
  message: string | null;
}

export interface AppState {
  name: string;
  title: string;
  version: string;
  description: string;
  operations: OperationState[];
  sockets: string[];
  components: { [key: string]: Json };
  server: ServerState;
  credentials: Held;
  exchange_count: number;
  revision: number;
}

export interface StateMessage<State> {
  type: "state";
  seq: number;
  state: State;
}

export interface CredentialState {
  user: string;
  where: "header" | "query" | "cookie";
  name: string;
}

export interface Credential extends CredentialState {
  value: string;
}

/** Who is signed in, by security scheme. */
export type Held = { [scheme: string]: CredentialState };

export interface DeltaBase {
  type: "delta";
  seq: number;
}

export interface DeltaMessage extends DeltaBase {
  sockets?: string[];
  set?: OperationState[];
  removed?: string[];
  order?: string[];
  components?: { [key: string]: Json };
  credentials?: Held;
  server?: ServerState;
  exchange_count?: number;
  revision?: number;
  info?: { [key: string]: string };
}

export interface FilePart {
  name: string;
  text?: string;
  base64?: string;
  filename?: string;
  content_type?: string;
}

export interface RequestBody {
  kind: "none" | "json" | "form" | "multipart" | "text";
  text?: string;
  fields?: Pairs;
  parts?: FilePart[];
  content_type?: string;
}

export interface SendArguments {
  operation: string;
  method: string;
  path: string;
  path_params: { [name: string]: string };
  query: Pairs;
  headers: Pairs;
  cookies: Pairs;
  body: RequestBody;
}

export interface ValidationIssue {
  loc: (string | number)[];
  source: string;
  pointer: string;
  field: string;
  sent: Json;
  is_missing: boolean;
  rule: string;
  passes: string | null;
  type: string;
  message: string;
}

export interface Payload {
  media_type: string;
  size_bytes: number;
  text?: string;
  base64?: string;
  is_truncated: boolean;
}

export interface Frame {
  cell: CellRef | null;
  file: string | null;
  line: number;
  function: string;
  source: string;
  values: { [name: string]: string };
}

export interface Failure {
  type: string;
  message: string;
  frames: Frame[];
  folded: number;
}

export interface Raised {
  type: string;
  function: string;
  cell: CellRef | null;
  file: string | null;
  line: number | null;
}

export type AdvicePlace = "path" | "query" | "header" | "cookie" | "body" | "response" | "failure";

export type Source = "console" | "client" | "server";

/** What to know about a request and its response: the cause and the way out; code stands in backquotes. */
export interface Advice {
  text: string;
  place: AdvicePlace;
}

export interface ExchangeState {
  id: number;
  operation: string | null;
  source: Source;
  method: string;
  url: string;
  request_headers: Pairs;
  request_body: Payload | null;
  status: number | null;
  reason: string;
  response_headers: Pairs;
  response_body: Payload | null;
  elapsed_ms: number;
  issues: ValidationIssue[];
  advice: Advice[];
  failure: Failure | null;
  raised: Raised | null;
}

export interface Streamed {
  status: number;
  media_type: string;
  text: string;
  elapsed_ms: number;
  is_all: boolean;
}

export interface ExchangeSummary {
  id: number;
  application: string | null;
  operation: string | null;
  source: Source;
  sender: string;
  cell: string | null;
  method: string;
  url: string;
  status: number | null;
  started_at: number;
  elapsed_ms: number;
  size_bytes: number;
  messages: number | null;
  is_open: boolean;
  is_cancelled: boolean;
  note: string;
  level: "quiet" | "warn" | "error";
}

export interface LogState {
  exchanges: ExchangeSummary[];
  total: number;
  size_bytes: number;
  max_count: number;
  max_bytes: number;
}

export interface LogDelta extends DeltaBase {
  set: ExchangeSummary[];
  removed: number[];
  total: number;
  size_bytes: number;
}

export interface HiddenValue {
  key: string;
  where: "header" | "cookie" | "path" | "query" | "body";
  name: string;
  scheme: string;
  held: string;
}

export interface RawRequest {
  application: string | null;
  operation?: string | null;
  method: string;
  url: string;
  headers: Pairs;
  text?: string;
  base64?: string;
}

export interface SocketTranscript {
  lines: { sender: "client" | "application"; text: string; at_ms: number }[];
  end: string;
}

export interface ExchangeDetail {
  summary: ExchangeSummary;
  exchange: ExchangeState;
  output: string;
  transcript: SocketTranscript | null;
  steps: number;
  request: RawRequest | null;
  hidden: HiddenValue[];
  refusal: string;
}

export type Band = "yours" | "thread" | "ours" | "after" | "bad" | "refused" | "line" | "hit" | "skip";

export interface TraceFact {
  name: string;
  text: string;
  is_code: boolean;
}

export interface TraceRow {
  level: number;
  label: string;
  is_code: boolean;
  note: string;
  what: string;
  band: Band;
  start_ms: number | null;
  elapsed_ms: number | null;
  extent: [number, number] | null;
  is_after: boolean;
  line: number;
  cell: CellRef | null;
  file: string | null;
  facts: TraceFact[];
  is_failure: boolean;
}

export interface TraceLine {
  id: number;
  method: string;
  url: string;
  status: number | null;
  elapsed_ms: number;
  is_traced: boolean;
}

export interface TraceState {
  id: number;
  operation: string | null;
  method: string;
  url: string;
  status: number | null;
  reason: string;
  source: Source;
  at: string;
  is_traced: boolean;
  sent_ms: number;
  total_ms: number;
  sums: { [band: string]: number };
  rows: TraceRow[];
  function: string;
  others: TraceLine[];
  stale: string;
}

export interface TracesState {
  shown: TraceState | null;
  is_last: boolean;
  recent: TraceLine[];
  is_tracing: boolean;
}

export interface TracesDelta extends DeltaBase {
  state: TracesState;
}

export interface DependencyNode {
  level: number;
  name: string;
  kind: string;
  in_thread: boolean;
  parameter: string | null;
  cell: CellRef | null;
  file: string | null;
  runs: boolean;
  shared_with: number | null;
  uses: number;
  is_fresh: boolean;
  scope: "function" | "request" | null;
  replaced: string | null;
  scheme: string | null;
  oauth_scopes: string[];
  parameters: { name: string; source: string }[];
  injected: string[];
}

export interface DependencyTree {
  operation: string;
  nodes: DependencyNode[];
}

export interface DependenciesState {
  operations: string[];
  shown: DependencyTree | null;
  gone: string | null;
}

export interface DependenciesDelta extends DeltaBase {
  state: DependenciesState;
}

export interface Expectation {
  kind: "status" | "header" | "json" | "time" | "schema";
  target: string;
  operator: "equals" | "contains" | "matches" | "under";
  value: Json;
}

export interface ExpectationResult {
  is_met: boolean;
  actual: string;
  problem: string;
}

export interface SavedTestResult {
  outcome: "passed" | "failed" | "not run";
  problem: string;
  expectation_results: ExpectationResult[];
  status: number | null;
  elapsed_ms: number;
  exchange: number | null;
  started_at: number;
}

export interface SavedTest {
  name: string;
  application: string;
  method: string;
  url: string;
  headers: Pairs;
  body: string;
  variables: string[];
  signed_in: { [name: string]: string };
  expectations: Expectation[];
  is_running: boolean;
  result: SavedTestResult | null;
}

export interface SavedTestsState {
  file: string;
  folder: string;
  problem: string;
  tests: SavedTest[];
}

export interface SavedTestsDelta extends DeltaBase {
  set: SavedTest[];
  order: string[];
  problem: string;
  file: string;
  folder: string;
}

export interface SavedTestDraft {
  name: string;
  file: string;
  test: SavedTest;
  suggestions: { expectation: Expectation; is_chosen: boolean }[];
}

export interface Command {
  type: "command";
  id: string;
  command: string;
  args?: unknown;
}

export interface ReplyError {
  message: string;
  kind: "refused" | "cancelled" | "failed";
}

export interface Reply {
  type: "reply";
  id: string;
  ok: boolean;
  result?: unknown;
  error?: ReplyError;
}

export interface EventMessage {
  type: "event";
  id: string;
  data: Json;
}

export type KernelMessage<State, Delta extends DeltaBase> = StateMessage<State> | Delta | Reply | EventMessage;

/** The bundle of a view, as the command `code` answers. */
export interface Code {
  view: string;
  key: string;
  js: string;
  css: string;
}

export interface ConnectArguments {
  request: SendArguments;
  subprotocols: string[];
}

export interface SocketMessageState {
  number: number;
  sender: "client" | "application";
  text?: string;
  base64?: string;
  size_bytes: number;
  is_cut: boolean;
  at_ms: number;
}

export interface SocketEnd {
  code: number;
  reason: string;
  by: "client" | "application";
  words: string;
}

export interface ConnectionState {
  id: number;
  operation: string;
  url: string;
  subprotocols: string[];
  subprotocol: string | null;
  status: "connecting" | "open" | "refused" | "closed";
  started_at: number;
  elapsed_ms: number | null;
  message_count: number;
  first: number;
  messages: SocketMessageState[];
  sent_bytes: number;
  received_bytes: number;
  end: SocketEnd | null;
  issues: ValidationIssue[];
  exchange: ExchangeState | null;
  error: string | null;
  note: string;
}

export interface SocketsState {
  name: string;
  title: string;
  operations: OperationState[];
  components: { [key: string]: Json };
  credentials: Held;
  connections: ConnectionState[];
}

export interface SocketsDelta extends DeltaBase {
  info?: { [key: string]: string };
  operations?: OperationState[];
  components?: { [key: string]: Json };
  credentials?: Held;
  set?: ConnectionState[];
  removed?: number[];
}

export interface BenchArguments {
  method: string;
  target: string;
  headers: Pairs;
  body: string | null;
  count: number;
  concurrency: number;
  warm_up: number | null;
  served: boolean;
  operation?: string | null;
  like?: number | null;
}

export interface BenchFigures {
  count: number;
  duration_s: number;
  throughput: number;
  min_us: number;
  mean_us: number;
  max_us: number;
  percentiles: [number, number][];
  spread_us: [number, number];
  buckets: [number, number][];
  series: number[];
  statuses: [number, number][];
  errors: [string, number][];
  size_bytes: number;
}

export interface BenchRun {
  id: number;
  label: string;
  arguments: BenchArguments;
  status: "warming" | "running" | "done" | "cancelled" | "failed";
  started_at: number;
  done: number;
  message: string;
  measured: string[];
  figures: BenchFigures | null;
}

export interface BenchState {
  name: string;
  runs: BenchRun[];
  shown: number | null;
}

export interface BenchDelta extends DeltaBase {
  set?: BenchRun[];
  removed?: number[];
  shown?: number | null;
  name?: string;
}
