/** A run as a picture: how long requests took, and how many there were a second; a former run as an outline. */
import { lineOf, median, plotOf, rate, time } from "../../bench-live";
import type { BenchFigures } from "../../protocol";

const WIDTH = 640;
const HEIGHT = 150;
const AXIS = 26; // the words below a line, in a narrow plot
const LINE = 18;
const TOP = 3 * LINE; // the percentiles' names, one below the other: they may stand close together
const SERIES = 56;

export function Distribution({ figures, former }: { figures: BenchFigures; former: BenchFigures | null }) {
  const { bars, outline, ticks, marks } = plotOf(figures, former, WIDTH, HEIGHT);
  const range = `from ${time(figures.min_us)} to ${time(figures.max_us)}`;
  const words = `Distribution of latencies, logarithmic: median ${time(median(figures))}, ${range}`;
  return (
    <svg class="rb-plot" role="img" aria-label={words} viewBox={`0 ${-TOP} ${WIDTH} ${HEIGHT + AXIS + TOP}`}>
      {bars.map((bar) => (
        <rect
          key={bar.x}
          class="rb-plot__bar"
          x={bar.x + 0.5}
          width={Math.max(1, bar.width - 1)}
          y={HEIGHT - Math.max(bar.height, 1)}
          height={Math.max(bar.height, 1)}
        >
          <title>{`${time(bar.from)} to ${time(bar.to)}: ${bar.count.toLocaleString("en")} requests`}</title>
        </rect>
      ))}
      {outline && <path class="rb-plot__former" d={outline} />}
      {marks.slice(0, 3).map(({ x, label }, index) => (
        <g key={label}>
          <path class="rb-plot__mark" d={`M${x} ${-TOP + LINE * index}V${HEIGHT}`} />
          <text x={x + 4} y={-TOP + LINE * (index + 1) - 3}>
            {label}
          </text>
        </g>
      ))}
      <path class="rb-plot__axis" d={`M0 ${HEIGHT}H${WIDTH}`} />
      {ticks.map(({ x, label }) => (
        <text class="rb-plot__below" key={label} x={x} y={HEIGHT + 4}>
          {label}
        </text>
      ))}
    </svg>
  );
}

export function Throughput({ figures, former }: { figures: BenchFigures; former: BenchFigures | null }) {
  const most = Math.max(...figures.series, ...(former?.series ?? []));
  if (figures.series.length < 2) return null;
  const range = `from ${rate(Math.min(...figures.series))} to ${rate(Math.max(...figures.series))}`;
  const words = `Throughput over the run: ${rate(figures.throughput)} in the mean, ${range}`;
  return (
    <svg class="rb-plot" role="img" aria-label={words} viewBox={`0 -2 ${WIDTH} ${SERIES + AXIS}`}>
      {former && <path class="rb-plot__former" d={lineOf(former.series, most, WIDTH, SERIES)} />}
      <path class="rb-plot__line" d={lineOf(figures.series, most, WIDTH, SERIES)} />
      <path class="rb-plot__axis" d={`M0 ${SERIES}H${WIDTH}`} />
      <text class="rb-plot__below" x={0} y={SERIES + 4}>
        requests a second, up to {rate(most)}
      </text>
      <text class="rb-plot__below" x={WIDTH} y={SERIES + 4} text-anchor="end">
        {figures.duration_s.toFixed(2)} s
      </text>
    </svg>
  );
}
