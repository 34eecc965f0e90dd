const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const LONGEST = 300;

/** Text of a stranger (a server's parting words) as it may stand in a message: one line, no control characters. */
export function printable(text: string): string {
  const clean = text.slice(0, LONGEST).replace(CONTROLS, ' ').trim();
  return text.length > LONGEST ? `${clean}...` : clean;
}
