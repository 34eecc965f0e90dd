const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** Bytes as Bech32 (BIP 173, without its limit of 90 characters). `prefix` is lower case, as is the result. */
export function toBech32(prefix: string, bytes: Uint8Array): string {
  const words = regroup([...bytes], 8, 5, true) ?? [];
  const sum = checksum([...expand(prefix), ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
  const check = [0, 1, 2, 3, 4, 5].map((i) => (sum >>> (5 * (5 - i))) & 31);
  return `${prefix}1${[...words, ...check].map((word) => LETTERS[word]).join('')}`;
}

/** The bytes behind a prefix; undefined when the text is not Bech32 with that prefix, in one case throughout. */
export function fromBech32(prefix: string, text: string): Buffer | undefined {
  const lower = text.toLowerCase();
  if ((text !== lower && text !== text.toUpperCase()) || !lower.startsWith(`${prefix}1`)) return undefined;
  const words = [...lower.slice(prefix.length + 1)].map((letter) => LETTERS.indexOf(letter));
  if (words.length < 6 || words.includes(-1) || checksum([...expand(prefix), ...words]) !== 1)
    return undefined;
  const bytes = regroup(words.slice(0, -6), 5, 8, false);
  return bytes === undefined ? undefined : Buffer.from(bytes);
}

function expand(prefix: string): readonly number[] {
  const codes = [...prefix].map((char) => char.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function checksum(words: readonly number[]): number {
  let sum = 1;
  for (const word of words) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ word;
    GENERATOR.forEach((value, bit) => {
      if (((top >>> bit) & 1) === 1) sum ^= value;
    });
  }
  return sum >>> 0;
}

/** Groups of `from` bits to groups of `to` bits. Without padding what is left over has to be a few zero bits. */
function regroup(
  words: readonly number[],
  from: number,
  to: number,
  pad: boolean,
): readonly number[] | undefined {
  const result: number[] = [];
  let [value, bits] = [0, 0];
  for (const word of words) {
    value = ((value << from) | word) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      result.push((value >>> bits) & ((1 << to) - 1));
    }
  }
  const rest = (value << (to - bits)) & ((1 << to) - 1);
  if (pad) return bits > 0 ? [...result, rest] : result;
  return bits >= from || rest !== 0 ? undefined : result;
}
