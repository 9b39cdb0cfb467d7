/**
 * The agent as one file: first tells the rooms what comes along inside the file, then is the agent. Built by
 * `npm run agent:build`, which puts the folder `carried` beside this module into the file.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { embedAddon } from "@mivisus/transport/http3/native";
import { z } from "zod";
import { carryLicences } from "./about.ts";

const carried = (name: string) => readFileSync(fileURLToPath(new URL(`carried/${name}`, import.meta.url)));
const manifest = z
	.object({ addonSha256: z.string().length(64) })
	.parse(JSON.parse(carried("manifest.json").toString()));

embedAddon({ sha256: manifest.addonSha256, read: () => carried("web-transport.node") });
carryLicences(() => carried("licences.txt").toString());
await import("./main.ts");
