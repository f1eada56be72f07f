/** The arguments that several tools share. One schema is the source of a tool's input and of the docs' table. */
import { z } from "zod";

// No lengths in the schemas: they would cost a tenth of the definitions' budget, and the engine checks each name.
export const lun = z.string().describe("Gold LUN: base name or shorthand, e.g. Gold");
export const client = z
  .string()
  .describe("Array client, or a unique part (165); default: the host's pair, else configured")
  .exactOptional();
export const host = z
  .string()
  .describe("ESXi host, or a unique part (165); default: the client's pair")
  .exactOptional();
export const snapshot = z.string().describe("Snapshot name or id; default: the latest").exactOptional();
export const registerVms = z.boolean().describe("Also register the VMs found").exactOptional();
export const keepClone = z.boolean().describe("Keep the old clone instead of deleting it").exactOptional();
export const forcePowerOff = z
  .boolean()
  .describe("Power off hard where a guest cannot be shut down (on gold: can damage the image)")
  .exactOptional();
export const releaseFirst = z
  .boolean()
  .describe("Tear the old environment down before anything new is made (array short of space)")
  .exactOptional();
export const planToken = z.string().describe("Exactly as a plan tool returned it");
export const planId = z.string();
export const runId = z.string();
export const limit = z.int().min(1).max(500).exactOptional();
