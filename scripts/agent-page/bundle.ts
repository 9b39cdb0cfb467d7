import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const CLIENT = new URL("../../agent/page/client/", import.meta.url);
/** Where the bundled page stands. */
export const PAGE_MODULE = new URL("../../agent/page/assets.generated.ts", import.meta.url);

/** The module that holds the agent's own page, made from its sources. The same sources give the same text. */
export async function pageModule(): Promise<string> {
	const built = await build({
		configFile: false,
		root: fileURLToPath(CLIENT),
		logLevel: "silent",
		build: {
			write: false,
			target: "es2022",
			minify: true,
			cssMinify: true,
			lib: { entry: "main.ts", formats: ["iife"], name: "page", cssFileName: "page" },
		},
	});
	const outputs = [built].flat().flatMap((one) => ("output" in one ? one.output : []));
	const script = outputs.find((one) => one.type === "chunk")?.code;
	const style = outputs.find((one) => one.type === "asset" && one.fileName.endsWith(".css"));
	if (script === undefined || style?.type !== "asset") throw new Error("the page was not built");
	const page = {
		html: readFileSync(new URL("index.html", CLIENT), "utf8"),
		mark: readFileSync(new URL("../../../web/public/mark.svg", CLIENT), "utf8"),
		style: String(style.source),
		script,
	};
	const lines = Object.entries(page).map(([name, text]) => `\t${name}: ${JSON.stringify(text)},`);
	return `/** Made by \`npm run agent:page\` from client/: the agent's own page, as it is served. */\nexport const PAGE = {\n${lines.join("\n")}\n};\n`;
}
