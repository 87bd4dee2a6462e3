/** What every field of one form asks for. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { NumberedIssue } from "../issues";
import type { Value } from "../json";
import type { Components, Schema } from "../schema";

export interface Form {
  components: Components;
  /** The id of a field's control in the document, by the field's key. */
  idOf(key: string): string;
  issues: Map<string, NumberedIssue[]>;
  /** Move to an issue's line in the list. */
  showIssue(number: number): void;
  choices: { [key: string]: number };
  choose(key: string, variant: number): void;
}

export const FormContext = createContext<Form | null>(null);

export function useForm(): Form {
  const form = useContext(FormContext);
  if (!form) throw new Error("A field was used outside of a form.");
  return form;
}

export interface FieldProps {
  label: string;
  /** `parameterKey` or `bodyKey`: names the field in issues, choices and ids. */
  fieldKey: string;
  schema: Schema;
  isRequired: boolean;
  value: Value | undefined;
  /** Undefined: do not send it. */
  onChange: (value: Value | undefined) => void;
  /** Where it is sent: "query", "header"; "" in a body. */
  place?: string;
  /** Removes it from its list or object; absent where it cannot be removed. */
  onRemove?: (() => void) | undefined;
}
