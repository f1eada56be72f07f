/** The arrays that a driver comes with, each in the folder of its name. */
export const ARRAY_KINDS = ["dgs", "ontap"] as const;
/** Where there is no array to ask. */
export const NO_ARRAY = "none";
export type ArrayKind = (typeof ARRAY_KINDS)[number];
