import { networkInterfaces } from "node:os";

/** An address of this machine that cameras can be asked from. */
export interface LocalAddress {
	family: 4 | 6;
	/** As a socket binds to it; a link-local one with its zone. */
	address: string;
	/** How a socket of that family is told to send its multicast out there. */
	multicast: string;
}

/** The machine's addresses at this moment, loopback left out; none where the system does not tell them. */
export function localAddresses(): LocalAddress[] {
	return Object.entries(ask()).flatMap(([name, addresses = []]) =>
		addresses
			.filter(({ internal }) => !internal)
			.map((one): LocalAddress => {
				if (one.family === "IPv4") return { family: 4, address: one.address, multicast: one.address };
				// Windows numbers its interfaces where others name them.
				const zone = process.platform === "win32" ? String(one.scopeid) : name;
				const address = one.scopeid === 0 ? one.address : `${one.address}%${zone}`;
				return { family: 6, address, multicast: `::%${zone}` };
			}),
	);
}

function ask(): ReturnType<typeof networkInterfaces> {
	try {
		return networkInterfaces();
	} catch {
		return {};
	}
}
