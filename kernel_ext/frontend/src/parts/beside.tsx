/** Another view of the application, inside the explorer: the widget that `%api` shows, with a bundle of its own. */
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { visible } from "../words";
import { HostContext, useStore } from "./context";

interface BesideProps {
  view: "bench" | "sockets";
  /** Called with the view's store when it is here, and after each change of `versions`. */
  onStore: (store: unknown) => void;
  versions: unknown[];
}

export function Beside({ view, onStore, versions }: BesideProps) {
  const { kernel } = useStore();
  const host = useContext(HostContext);
  const place = useRef<HTMLDivElement>(null);
  const [store, setStore] = useState<unknown>(null);
  const [error, setError] = useState("");

  useEffect(() => {
    const controller = new AbortController();
    const open = async (el: HTMLElement): Promise<void> => {
      if (!host) throw new Error(`Run %api ${view} in a cell: this front end shows no view inside another.`);
      const id = (await kernel.command("beside", { view }).result) as string;
      const widget = await host.getWidget(`anywidget:${id}`);
      await widget.render({ el, signal: controller.signal });
      const opened = await widget.exports.store;
      if (!controller.signal.aborted) setStore(opened);
    };
    if (place.current)
      open(place.current).catch((reason: Error) => {
        if (!controller.signal.aborted) setError(reason.message);
      });
    return () => controller.abort();
  }, [view]);
  useEffect(() => {
    if (store) onStore(store);
  }, [store, ...versions]);

  return (
    <>
      {error && (
        <p class="rb-bad" role="alert">
          {visible(error)}
        </p>
      )}
      <div ref={place} />
    </>
  );
}
