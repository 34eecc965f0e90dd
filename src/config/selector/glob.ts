export function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}

/** `*` is any text, `?` one character. Linear in practice: no pattern can make it backtrack over more than one `*`. */
export function matchesGlob(glob: string, text: string): boolean {
  let [g, t] = [0, 0];
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (glob[g] === '*') {
      [star, resume] = [g++, t];
    } else if (glob[g] === '?' || glob[g] === text[t]) {
      g++;
      t++;
    } else if (star !== -1) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}
