import { readFileSync } from "node:fs";

/** Resident memory of a process, MiB, and its CPU time, s. */
export function usage(pid: number): { rssMiB: number; cpuS: number } {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
	return {
		rssMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
		cpuS: (Number(fields[11]) + Number(fields[12])) / 100,
	};
}

/** CPU time that the machine spent on anything, or that its host did not give to it, s. */
export function machineCpuS(): number {
	const line = /^cpu +(.*)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? "";
	const [user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0, stolen = 0] = line.split(" ").map(Number);
	return (user + nice + system + interrupts + soft + stolen) / 100;
}
