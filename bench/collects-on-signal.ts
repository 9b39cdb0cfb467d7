/** Loaded before a program that is soaked: on SIGUSR2 it collects its garbage and says so, so that what stays is measured. */
process.on("SIGUSR2", () => {
	for (let i = 0; i < 3; i++) globalThis.gc?.();
	process.stderr.write("collected\n");
});
