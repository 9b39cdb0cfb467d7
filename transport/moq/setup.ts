import { WIRE_ERROR_CODES, WireError } from "@mivisus/wire/errors";
import { encodeClientSetup, encodeServerSetup, OFFERED_VERSIONS, SetupDecoder, Version } from "@mivisus/wire/moq/setup";
import { type BidiStream, type Session, StreamError } from "../port.ts";
import { within } from "../within.ts";
import { StreamReader } from "./reader.ts";

/** Both sides have this long to finish the handshake (design: section 9). */
export const SETUP_TIMEOUT_MS = 10_000;

/** Rejects with WireError `timeout` and closes the session when `work` takes too long. */
const inTime = (session: Session, work: Promise<BidiStream>) =>
	within(SETUP_TIMEOUT_MS, work, () => {
		session.close(WIRE_ERROR_CODES.timeout, "no setup");
		return new WireError("timeout", `no setup within ${SETUP_TIMEOUT_MS / 1000} s`);
	});

async function offer(session: Session): Promise<BidiStream> {
	const stream = await session.openBidi();
	await stream.send.write(encodeClientSetup({ versions: OFFERED_VERSIONS, parameters: [] }));
	const decoder = SetupDecoder.server();
	const answer = await new StreamReader(stream.recv).next((incoming) => decoder.decode(incoming));
	if (!answer) throw new WireError("protocol-violation", "the session stream ended before the server's setup");
	if (answer.version !== Version.Lite02) {
		throw new WireError("protocol-violation", `the server chose version 0x${answer.version.toString(16)}`);
	}
	return stream;
}

async function answer(session: Session): Promise<BidiStream> {
	const stream = await session.acceptBidi();
	if (!stream) throw new StreamError("session-closed");
	const decoder = SetupDecoder.client();
	const setup = await new StreamReader(stream.recv).next((incoming) => decoder.decode(incoming));
	if (!setup) throw new WireError("protocol-violation", "the session stream ended before the client's setup");
	if (!setup.versions.includes(Version.Lite02)) {
		const offered = setup.versions.map((version) => `0x${version.toString(16)}`).join(", ");
		throw new WireError("protocol-violation", `moq-lite-02 is not among the versions offered (${offered})`);
	}
	await stream.send.write(encodeServerSetup({ version: Version.Lite02, parameters: [] }));
	return stream;
}

/** The handshake from the client's side. The stream returned must be kept alive as long as the session. */
export const offerSetup = (session: Session): Promise<BidiStream> => inTime(session, offer(session));
/** The handshake from the server's side. */
export const answerSetup = (session: Session): Promise<BidiStream> => inTime(session, answer(session));
