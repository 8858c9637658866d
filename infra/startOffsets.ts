/** When the health checks of one execution start: several in the minute between two firings of the schedule, or one. */
export function startOffsetsSeconds(intervalSeconds: number): number[] {
  if (intervalSeconds >= 60) return [0];
  return Array.from({ length: 60 / intervalSeconds }, (_, index) => index * intervalSeconds);
}
