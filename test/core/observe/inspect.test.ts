/** The read side on arrays whose records make no sense. */
import { beforeAll, expect, test } from "vitest";
import { change } from "../../support/change.ts";
import { assignedTo, type Bench, withEngine } from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

test.each(["its own parent", "its own grandparent"])("a clone that is %s is shown, and ends nothing", async (what) => {
  await bench.reset("clone-assigned");
  const [clone] = assignedTo(await bench.control.state());
  change(bench.lab.world, function bendAncestry({ model }) {
    const volume = model.volumes.find(({ id }) => id === clone?.id);
    if (volume === undefined) return;
    const between = { ...volume, id: "vol-between", guid: "6".repeat(32), parentVolumeId: volume.id };
    if (what === "its own grandparent") model.volumes.push(between);
    volume.parentVolumeId = what === "its own grandparent" ? between.id : volume.id;
  });
  const { assigned } = await bench.app.engine.inspect({}, bench.actor);
  expect(assigned).toMatchObject([{ volume: { id: clone?.id } }]);
});
