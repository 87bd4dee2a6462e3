/** Whether the kernel answers, in every view's bar and above what it shows. */
import type { Link } from "../kernel";
import { Icon } from "./icon";

const LINKS: { [link in Link]: string } = { connecting: "connecting", live: "live", lost: "not connected" };

export const LinkState = ({ link }: { link: Link }) => (
  <span class="rb-live" data-live={link === "live" ? "on" : "off"} role="status">
    <Icon name={link === "live" ? "dot" : "plug"} />
    {LINKS[link]}
  </span>
);

/** The part of a line to the kernel that is told when it is lost. */
interface LostKernel {
  readonly link: Link;
  readonly state: unknown;
  readonly asOf: Date;
  resync(): Promise<void>;
}

export const Lost = ({ kernel }: { kernel: LostKernel }) => (
  <div class="rb-note rb-lost" data-n="warn" role="status">
    <Icon name="plug" />
    <div>
      <strong>Not connected to the kernel.</strong>{" "}
      {kernel.state ? `You see the state of ${kernel.asOf.toTimeString().slice(0, 5)}. ` : ""}
      It reconnects by itself; after a restart, run the cells again.
    </div>
    <button class="rb-btn rb-btn--small" type="button" onClick={() => void kernel.resync()}>
      Reconnect
    </button>
  </div>
);

/** What stands in a view's place until its first state has come; `what` is read meanwhile. */
export const Waiting = ({ kernel, what }: { kernel: LostKernel; what: string }) =>
  kernel.link === "lost" ? (
    <Lost kernel={kernel} />
  ) : (
    <p class="rb-empty" role="status">
      Reading {what}…
    </p>
  );
