/**
 * Tells the C library, in nginx's environment, to take large blocks from the system and give them back when they are freed. By itself it
 * learns from the first large answer to keep such blocks in its heap, where small ones that stay keep it from ever shrinking again.
 */
export const memoryEnvironment = {
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024),
  // So much stays at the heap's end for the calls that come next.
  MALLOC_TRIM_THRESHOLD_: String(4 * 1024 * 1024),
};
