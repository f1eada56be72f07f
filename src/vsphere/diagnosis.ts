/** What `doctor` asks a vCenter about itself and about the account that is signed in. */
import type { MoRef } from "../core/domain/ids.ts";
import { garbage } from "./faults.ts";
import type { About, Session } from "./session.ts";
import { flag, list, reference, refTo, text } from "./values.ts";

interface VcenterFacts extends About {
  /** The version of vim25 that both sides speak. */
  readonly spoken: string;
  /** The account, as vCenter names it. */
  readonly userName: string;
  readonly time: Date;
}

/** An object, and the privileges that are wanted on it. */
export interface PrivilegesOn {
  readonly type: "Datacenter" | "Folder" | "HostSystem" | "ResourcePool";
  readonly id: MoRef;
  readonly privileges: readonly string[];
}

export interface VcenterDiagnosis {
  facts(): Promise<VcenterFacts>;
  /**
   * For each object, in order, those of its privileges that this session lacks. Needs `System.Read` on each. Undefined
   * where the server has no AuthorizationManager.
   */
  missingPrivileges(wanted: readonly PrivilegesOn[]): Promise<string[][] | undefined>;
}

export function createDiagnosis(session: Session): VcenterDiagnosis {
  return {
    facts: async () => {
      const { about, spoken, session: own } = await session.services();
      const action = "report its time";
      const args = { _this: refTo("ServiceInstance", "ServiceInstance") };
      const answer = await session.call({ operation: "CurrentTime", args, action });
      const time = new Date(answer instanceof Date ? answer : (text(answer) ?? ""));
      if (Number.isNaN(time.getTime())) throw garbage(action, {});
      return { ...about, spoken, userName: own.userName, time };
    },
    missingPrivileges: async (wanted) => {
      const action = "report which privileges this account has";
      const { authorizationManager, session: own } = await session.services();
      if (authorizationManager === undefined) return undefined;
      // One answer for all objects: asked for a privilege that is not wanted on one, it says that as well.
      const asked = new Set(wanted.flatMap(({ privileges }) => privileges));
      const args = {
        _this: refTo(authorizationManager.type, authorizationManager.id),
        entity: wanted.map(({ type, id }) => refTo(type, id)),
        sessionId: own.key,
        privId: [...asked],
      };
      const answer = list(await session.call({ operation: "HasPrivilegeOnEntities", args, action }));
      const granted = new Map(
        answer.map((each) => {
          const available = list(each, "privAvailability").filter((one) => flag(one, "isGranted") === true);
          return [reference(each, "entity")?.id, new Set(available.map((one) => text(one, "privId")))];
        }),
      );
      return wanted.map(({ id, privileges }) => privileges.filter((privilege) => !granted.get(id)?.has(privilege)));
    },
  };
}
