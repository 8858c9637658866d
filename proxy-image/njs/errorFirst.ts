const errorFirst = /^\s*\{(?:(?!"result"\s*:)[\s\S]){0,300}?"error"\s*:\s*[{"]/;
const readLength = 512;

/** Whether the beginning of an answer says that it is an error. */
export function beginsAsError(answer: Buffer): boolean {
  return errorFirst.test(answer.toString("utf8", 0, readLength));
}
