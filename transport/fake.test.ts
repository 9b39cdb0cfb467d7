import { transportContract } from "./contract.ts";
import { FakeServer } from "./fake.ts";

for (const seed of [1, 2, 3]) {
	transportContract(`fake, seed ${seed}`, async () => {
		const server = new FakeServer({ seed, bufferBytes: 64 * 1024 });
		return {
			next: () => server.next(),
			connect: (path) => server.connect(new URL(path, "https://fake.test")),
			close: async () => server.close(),
		};
	});
}
