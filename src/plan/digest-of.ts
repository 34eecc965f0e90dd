/** A release directory is named by its digest; this takes a path for it too. */
export function digestOf(directory: string): string {
  return directory.slice(directory.lastIndexOf('/') + 1);
}
