/** Close codes that a client may choose, in words; the kernel's `recording/close_codes.py` tells all of them. */
export const CLOSE_WORDS: { [code: number]: string } = {
  1000: "normal",
  1001: "going away",
  1002: "protocol error",
  1003: "a kind of data that it cannot take",
  1007: "data that does not fit its kind",
  1008: "against the rules of this side",
  1009: "a message was too big",
  1011: "met something unexpected",
  3000: "not authorised",
  3003: "forbidden",
  3008: "timed out",
};
