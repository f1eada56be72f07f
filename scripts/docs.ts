/** Writes the pages that are made from the program itself. */
import { writeFile } from "node:fs/promises";
import { configPage } from "./config-page.ts";
import { modesPage } from "./modes-page.ts";
import { toolsPage } from "./tools-page.ts";

await writeFile(new URL("../docs/configuration.md", import.meta.url), configPage());
await writeFile(new URL("../docs/tools.md", import.meta.url), toolsPage());
await writeFile(new URL("../docs/modes.md", import.meta.url), await modesPage());
