/** Icons on a 16 pixel grid, 1.5 stroke; always beside a word or a name, so hidden from screen readers. */

const CIRCLE = "M2.25 8a5.75 5.75 0 1 0 11.5 0a5.75 5.75 0 1 0-11.5 0";

const PATHS = {
  ban: `${CIRCLE}M4 4l8 8`,
  calendar: "M3.5 3.5h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zM2.5 6.7h11M5.5 2v3M10.5 2v3",
  cell: "M5.5 3H3v10h2.5M10.5 3H13v10h-2.5M6.5 8h3",
  check: "M3.5 8.5l3 3 6-7",
  clock: `${CIRCLE}M8 4.8v3.4l2.2 1.3`,
  columns: "M3.5 3h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM8 3v10",
  copy: "M6.5 5.5H12a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H6.5a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1zM10.5 3H4a1 1 0 0 0-1 1v6.5",
  dot: "M5 8a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
  diamond: "M8 3 13 8l-5 5-5-5z",
  down: "M3.5 6 8 10.5 12.5 6",
  download: "M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10",
  error: "M5.6 2.3h4.8l3.3 3.3v4.8l-3.3 3.3H5.6l-3.3-3.3V5.6zM6 6l4 4m0-4-4 4",
  flask: "M6.5 2.5v4L3 12.4a1 1 0 0 0 .9 1.6h8.2a1 1 0 0 0 .9-1.6L9.5 6.5v-4M5.3 2.5h5.4M4.8 10h6.4",
  globe: `${CIRCLE}M2.4 8h11.2M8 2.3c2.4 2.6 2.4 8.8 0 11.4M8 2.3c-2.4 2.6-2.4 8.8 0 11.4`,
  info: `${CIRCLE}M8 7.3v3.5M8 5v.01`,
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.7 4h.01M2.7 8h.01M2.7 12h.01",
  lock: "M4.5 7h7a1 1 0 0 1 1 1v4.5a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
  ok: `${CIRCLE}M5.4 8.2l1.8 1.9 3.4-4`,
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.5 12 8l-7 4.5z",
  plug: "M3 13l2.5-2.5M10.5 5.5 13 3M6 6l4 4-1.2 1.2a2.8 2.8 0 0 1-4-4zM2.5 2.5l11 11",
  plus: "M8 3.5v9M3.5 8h9",
  received: "M8 3v10M4 9l4 4 4-4",
  redirect: `${CIRCLE}M5 8h6M8.8 5.7 11 8l-2.2 2.3`,
  replay: "M12.7 6.2A5.2 5.2 0 1 0 13.2 9M12.9 2.8v3.4H9.5",
  right: "M6 3.5 10.5 8 6 12.5",
  search: "M2.75 7a4.25 4.25 0 1 0 8.5 0a4.25 4.25 0 1 0-8.5 0M10.2 10.2l3.3 3.3",
  sent: "M8 13V3M4 7l4-4 4 4",
  tilde: "M3 9.2c1.6-3.2 3.4-3 5-1.2s3.4 2 5-1.2",
  view: "M3.5 3h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM2.5 6h11",
  warn: "M8 2.5 14 13H2zM8 6.6v3M8 11.4v.01",
  x: "M4 4l8 8M12 4l-8 8",
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="rb-i" viewBox="0 0 16 16" aria-hidden="true" data-icon={name}>
    <path d={PATHS[name]} />
  </svg>
);
