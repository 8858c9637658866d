let known: NgxSharedDict<number> | undefined;

/** Numbers that all workers know together, under the names that whoever keeps them gives them. It outlives reloads. */
export function sharedState(): NgxSharedDict<number> {
  known ??= ngx.shared.state as NgxSharedDict<number>;
  return known;
}
