/**
 * The array that tests of the engine run on: `ATVM_TEST_ARRAY`, `dgs` unless it says otherwise. Tests speak of the array's
 * operations as docs/dgs-api.yaml calls them, whichever it is.
 */
import { z } from "zod";
import { LAB_ARRAYS, type LabArray, labArray } from "../../src/lab/arrays/kinds.ts";

export const ARRAY: LabArray = z.enum(LAB_ARRAYS).parse(process.env["ATVM_TEST_ARRAY"] ?? "dgs");

/** What the array calls a volume that the lab's scenarios call so. */
export const named = labArray(ARRAY).style.volumeName;

const OPS: Readonly<Record<LabArray, Readonly<Record<string, string>>>> = {
  dgs: {},
  ontap: {
    ListClients: "ListIgroups",
    ListAssignments: "ListLunMaps",
    CloneSnapshot: "CloneVolume",
    RollbackSnapshot: "RestoreVolume",
    CreateAssignment: "CreateLunMap",
    DeleteAssignment: "DeleteLunMap",
  },
};

export const opOf = (op: string, array: LabArray): string => OPS[array][op] ?? op;

export const opBack = (op: string, array: LabArray): string =>
  Object.entries(OPS[array]).find(([, theirs]) => theirs === op)?.[0] ?? op;

/** The changes that make a clone, in order: an ONTAP's inherits a snapshot schedule, which is taken from it then. */
export const CLONE_OPS: readonly string[] = ARRAY === "ontap" ? ["CloneSnapshot", "ModifyVolume"] : ["CloneSnapshot"];

/** What a resumed run asks of the array once more where its end was not seen: an ONTAP says that a repeat of it changes nothing. */
export const REPEATED_OPS: readonly string[] = ARRAY === "ontap" ? ["RollbackSnapshot"] : [];
