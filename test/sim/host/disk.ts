import type { Random } from '../random.ts';
import { byName } from './paths.ts';

/** A file (its text) or a symbolic link (its target after `-> `). `stable`: what a power cut leaves of its content. */
type Inode = {
  text: string;
  stable: string /** Nothing was written over since the last fsync. */;
  grown: boolean;
};
/** One change of names, whole or not at all: a rename gives one and takes one. */
type Change = readonly (readonly [path: string, inode: Inode | undefined])[];

export class NoSpace extends Error {}

/**
 * A file system by what POSIX promises and no more: content is safe after fsync of the file, a name after fsync of its
 * directory. Until then a power cut leaves, of each directory, the first few of its changes, and of a file's content the
 * old, the new, or nothing.
 */
export class Disk {
  #live = new Map<string, Inode>();
  #stable = new Map<string, Inode>();
  /** Changes of names by directory, oldest first, that are not safe yet. */
  #unsafe = new Map<string, Change[]>();
  /** Writes fail until somebody makes room. */
  full: boolean = false;

  read(path: string): string | undefined {
    return this.#live.get(path)?.text;
  }

  has(path: string): boolean {
    return this.#live.has(path);
  }

  /** Names directly in a directory, sorted. */
  list(dir: string, prefix = ''): readonly string[] {
    const from = `${dir}/${prefix}`;
    const names: string[] = [];
    for (const path of this.#live.keys())
      if (path.startsWith(from) && path.indexOf('/', dir.length + 1) < 0)
        names.push(path.slice(dir.length + 1));
    return names.sort(byName);
  }

  /** Everything below a directory, sorted. */
  below(dir: string): readonly string[] {
    return [...this.#live.keys()].filter((path) => path.startsWith(`${dir}/`)).sort(byName);
  }

  write(path: string, text: string): void {
    this.#room();
    const inode = this.#live.get(path);
    if (inode === undefined) this.#change([[path, { text, stable: '', grown: false }]]);
    else Object.assign(inode, { text, grown: false });
  }

  append(path: string, text: string): void {
    this.#room();
    const inode = this.#live.get(path);
    if (inode === undefined) this.write(path, text);
    else inode.text += text;
  }

  /** `ln -sfnT` to a new name, then `mv -fT`. */
  link(path: string, target: string): void {
    this.#room();
    this.#change([[path, { text: `-> ${target}`, stable: `-> ${target}`, grown: true }]]);
  }

  /** The target of a link, undefined when there is none. */
  target(path: string): string | undefined {
    const text = this.read(path);
    return text?.startsWith('-> ') === true ? text.slice(3) : undefined;
  }

  /** False when there is nothing to rename. */
  rename(from: string, to: string): boolean {
    const inode = this.#live.get(from);
    if (inode === undefined) return false;
    this.#change([
      [to, inode],
      [from, undefined],
    ]);
    return true;
  }

  remove(path: string): void {
    if (this.#live.has(path)) this.#change([[path, undefined]]);
  }

  removeBelow(dir: string): void {
    for (const path of this.below(dir)) this.remove(path);
  }

  /** fsync of files and directories. */
  sync(...paths: readonly string[]): void {
    for (const path of paths) {
      const inode = this.#live.get(path);
      if (inode !== undefined) Object.assign(inode, { stable: inode.text, grown: true });
      for (const change of this.#unsafe.get(path) ?? []) apply(this.#stable, change);
      this.#unsafe.delete(path);
    }
  }

  /** What somebody who looks after a power cut would find for certain. */
  safe(path: string): string | undefined {
    return this.#stable.get(path)?.stable;
  }

  powerCut(random: Random): void {
    for (const changes of this.#unsafe.values())
      for (const change of changes.slice(0, random.below(changes.length + 1))) apply(this.#stable, change);
    this.#unsafe.clear();
    this.#live = new Map();
    const after = new Map<Inode, Inode>();
    for (const [path, inode] of this.#stable) {
      const known = after.get(inode) ?? survivor(inode, random);
      after.set(inode, known);
      this.#live.set(path, known);
    }
    this.#stable = new Map(this.#live);
  }

  /** Everything is safe, as after a long time. */
  settle(): void {
    for (const inode of this.#live.values()) Object.assign(inode, { stable: inode.text, grown: true });
    this.#stable = new Map(this.#live);
    this.#unsafe.clear();
  }

  #room(): void {
    if (this.full) throw new NoSpace('No space left on device');
  }

  #change(change: Change): void {
    apply(this.#live, change);
    const path = change[0]?.[0] ?? '';
    const dir = path.slice(0, path.lastIndexOf('/'));
    const changes = this.#unsafe.get(dir);
    if (changes === undefined) this.#unsafe.set(dir, [change]);
    else changes.push(change);
  }
}

function apply(names: Map<string, Inode>, change: Change): void {
  for (const [path, inode] of change) {
    if (inode === undefined) names.delete(path);
    else names.set(path, inode);
  }
}

function survivor({ text, stable, grown }: Inode, random: Random): Inode {
  const kept = text === stable ? text : random.pick(grown ? [text, stable] : [text, stable, '']);
  return { text: kept, stable: kept, grown: true };
}
