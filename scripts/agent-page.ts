/**
 * `npm run agent:page`: bundles the agent's own page into `agent/page/assets.generated.ts`, as texts in a module: so it is
 * there from source, in a bundle and in a single file alike. A test fails while that file is not what the sources make.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PAGE_MODULE, pageModule } from "./agent-page/bundle.ts";

writeFileSync(fileURLToPath(PAGE_MODULE), await pageModule());
