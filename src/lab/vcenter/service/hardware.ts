const GIB = 1024 ** 3;

/** Each host of the lab: 2 × 16 cores at 2.6 GHz, 512 GiB. */
export const HARDWARE = { packages: 2, cores: 32, threads: 64, mhz: 2600, memory: 512 * GIB } as const;
