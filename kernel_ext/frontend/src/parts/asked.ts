/** What a tab of the explorer asks the kernel for: asked again when its question changes, kept while it waits. */
import { useEffect, useState } from "preact/hooks";
import { CommandError } from "../kernel";
import { useStore } from "./context";

export interface Asked<T> {
  value: T | null;
  error: string;
}

/** The answer to a command; `args` null asks nothing. `version` is what else an answer depends on. */
export function useAsked<T>(command: string, args: { [name: string]: unknown } | null, version: unknown): Asked<T> {
  const { kernel } = useStore();
  const [asked, setAsked] = useState<Asked<T>>({ value: null, error: "" });
  useEffect(() => {
    let isCurrent = true;
    const settle = (value: T | null, error: string): void => {
      if (isCurrent) setAsked({ value, error });
    };
    if (args === null) settle(null, "");
    else
      kernel.command(command, args).result.then(
        (value) => settle(value as T, ""),
        (error: unknown) => settle(null, error instanceof CommandError ? error.message : String(error)),
      );
    return () => {
      isCurrent = false;
    };
  }, [command, JSON.stringify(args), version]);
  return asked;
}
