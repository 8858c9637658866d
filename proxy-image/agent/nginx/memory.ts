/**
 * Tells the C library, in nginx's environment, to take large blocks from the system and give them back when they are freed. By itself it
 * learns from the first large answer to keep such blocks in its heap, where small ones that stay keep it from ever shrinking again.
 */
export const memoryEnvironment = {
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024),
  // So much stays at the heap's end for the calls that come next.
  MALLOC_TRIM_THRESHOLD_: String(4 * 1024 * 1024),
  // Its heap in huge pages: calls under way each work on a JavaScript heap of their own, and what maps so many small pages would not
  // fit into the processor. glibc before 2.35 and other libraries pass over it, and so does a system that gives out none.
  // And blocks up to the size of nginx's buffers are taken again as they were left, which older ones do for small blocks only.
  GLIBC_TUNABLES: "glibc.malloc.hugetlb=1:glibc.malloc.tcache_max=32768",
};
