/** What a camera says in the `Transport` header of its reply to SETUP (RFC 2326, section 12.39). Missing parts are undefined. */
export interface TransportReply {
	/** Whether it speaks of datagrams only, though the connection's own channels were asked for. */
	datagrams: boolean;
	/** Channels inside the connection, as many numbers as the camera gave. */
	channels: readonly number[];
	/** The camera's ports. */
	serverPorts: readonly number[];
	/** Where its datagrams come from, when it is not where its replies come from. */
	source: string | undefined;
	/** The sender of the track's packets, 32 bits. */
	ssrc: number | undefined;
}

/** Reads the header leniently; never throws. */
export function readTransport(header: string): TransportReply {
	const ssrc = /^[0-9a-f]{1,8}$/i.exec(parameter(header, "ssrc") ?? "")?.[0];
	const interleaved = parameter(header, "interleaved");
	return {
		datagrams: interleaved === undefined && /\bRTP\/AVP\/UDP\b|\bclient_port=/i.test(header),
		channels: numbers(interleaved),
		serverPorts: numbers(parameter(header, "server_port")),
		source: parameter(header, "source"),
		ssrc: ssrc === undefined ? undefined : Number.parseInt(ssrc, 16),
	};
}

/** One `name=value` of a Transport header. */
function parameter(transport: string, name: string): string | undefined {
	// Cameras that answer with a list mean its first item.
	const [first = ""] = transport.split(",");
	for (const part of first.split(";")) {
		const [key, value] = part.split("=");
		if (key?.trim().toLowerCase() === name) return value?.trim();
	}
	return undefined;
}

const numbers = (text: string | undefined) => (text?.match(/\d+/g) ?? []).map(Number);
