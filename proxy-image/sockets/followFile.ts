import { readFile, realpath, stat } from "node:fs/promises";

/**
 * Follows a file that is replaced as a whole. Looks at it instead of waiting for events: it may be a link, and nothing may be missed.
 * @param onText gets the text and the file's real path; when it throws, what was known stays, and the file is looked at again
 * @returns stops following
 */
export function followFile(
  path: string,
  everyMs: number,
  onText: (text: string, realPath: string) => void,
): () => void {
  let seen = "";
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      const { mtimeMs, ino, size } = await stat(path);
      const mark = `${mtimeMs} ${ino} ${size}`;
      if (mark !== seen) {
        const real = await realpath(path);
        onText(await readFile(real, "utf8"), real);
        seen = mark;
      }
    } catch {
      // Not there yet, or half written: the next look tells.
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  void look();
  return () => clearInterval(timer);
}
