import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFrame, MAX_STREAM_PAYLOAD_BYTES } from "@mivisus/transport/tcp/frames";
import { SUBPROTOCOLS } from "@mivisus/transport/tcp/protocol";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { ANNOUNCE_STREAM } from "@mivisus/wire/moq/announce";
import { GROUP_STREAM } from "@mivisus/wire/moq/group";
import { CLIENT_SETUP, OFFERED_VERSIONS, SERVER_SETUP } from "@mivisus/wire/moq/setup";
import { SUBSCRIBE_STREAM } from "@mivisus/wire/moq/subscribe";
import { expect, it } from "vitest";
import { ROOT } from "./imports.ts";

const page = readFileSync(join(ROOT, "docs/reference/wire.md"), "utf8");

it("docs/reference/wire.md lists exactly the error codes of the code", () => {
	const listed = [...page.matchAll(/^\| (\d+) \| ([a-z-]+) \|$/gm)].map((row) => [row[2], Number(row[1])]);
	expect(Object.fromEntries(listed)).toEqual(WIRE_ERROR_CODES);
});

it("docs/reference/wire.md names the stream types and versions of the code", () => {
	expect(page).toContain(`\`0x${CLIENT_SETUP.toString(16)}\` client, \`0x${SERVER_SETUP.toString(16)}\` server`);
	expect(page).toContain(`| announce | subscriber, bidirectional | \`${ANNOUNCE_STREAM}\``);
	expect(page).toContain(`| subscribe | subscriber, bidirectional | \`${SUBSCRIBE_STREAM}\``);
	expect(page).toContain(`| group | publisher, unidirectional | \`${GROUP_STREAM}\``);
	for (const version of OFFERED_VERSIONS) expect(page).toContain(`0x${version.toString(16)}`);
});

it("docs/reference/wire.md names the protocols and the frames over TCP", () => {
	for (const name of SUBPROTOCOLS) expect(page).toContain(`\`${name}\``);
	const hello = encodeFrame({ type: "max-data", max: 1 });
	expect(page).toContain(`| MAX_DATA, MAX_STREAM_DATA | \`0x${hello[0]?.toString(16)}\``);
	expect(page).toContain(`At most ${MAX_STREAM_PAYLOAD_BYTES} bytes in one STREAM frame`);
});
