/** Names of the numbers about a network's chain in the shared dictionary. */
export function headNumbers(network: string) {
  return {
    /** The highest head that was handed out. */
    head: `head|${network}`,
    /** How high a second node was seen, and when. */
    confirmed: `confirmed|${network}`,
    confirmedAt: `confirmedAt|${network}`,
    /** When some node was last at the head. */
    level: `level|${network}`,
    /** A height that waits for more nodes to have it, and since when; 0 when none does. */
    next: `next|${network}`,
    nextAt: `nextAt|${network}`,
    /** When somebody last wanted all nodes to be asked. */
    askAt: `askAt|${network}`,
    /** When contexts were last told of the nodes' heights; 1 while there is something they were not told of. */
    toldAt: `toldAt|${network}`,
    untold: `untold|${network}`,
    /** Reorganisations seen so far. */
    fork: `fork|${network}`,
    /** Blocks per ms, and what it was measured from. */
    rate: `rate|${network}`,
    rateAt: `rateAt|${network}`,
    rateHead: `rateHead|${network}`,
    /** Since when, until when, and how far all nodes were below the head. */
    belowSince: `belowSince|${network}`,
    belowLast: `belowLast|${network}`,
    belowMost: `belowMost|${network}`,
    /** Heights of the highest blocks that were handed out as such. */
    safe: `safe|${network}`,
    finalized: `finalized|${network}`,
    /** A block that was seen, and the start of its hash. */
    hashHeight: `hashHeight|${network}`,
    hash: `hash|${network}`,
    lock: `lock|${network}`,
  };
}

export type HeadNumbers = ReturnType<typeof headNumbers>;
