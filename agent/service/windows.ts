import { xml } from "./environment.ts";

/** The name of the task in Windows' Task Scheduler. */
export const TASK_NAME = "Mivisus Agent";

/**
 * A task that runs the agent from sign-in on, as the person and without their administrator's rights; it is started again
 * when it fails. `program`: absolute path; `user`: as Windows writes it, `MACHINE\\name`.
 *
 * A Windows service was rejected: it must answer Windows' service manager, which needs a foreign wrapper program, and as
 * another user it could not open what the person's key store keeps.
 */
export function scheduledTask({ program, user }: { program: string; user: string }): string {
	return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
	<RegistrationInfo>
		<Description>Sends the picture of your cameras while somebody looks.</Description>
	</RegistrationInfo>
	<Triggers>
		<LogonTrigger>
			<Enabled>true</Enabled>
			<UserId>${xml(user)}</UserId>
		</LogonTrigger>
	</Triggers>
	<Principals>
		<Principal id="Owner">
			<UserId>${xml(user)}</UserId>
			<LogonType>InteractiveToken</LogonType>
			<RunLevel>LeastPrivilege</RunLevel>
		</Principal>
	</Principals>
	<Settings>
		<MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
		<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
		<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
		<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
		<RestartOnFailure>
			<Interval>PT1M</Interval>
			<Count>999</Count>
		</RestartOnFailure>
	</Settings>
	<Actions Context="Owner">
		<Exec>
			<Command>${xml(program)}</Command>
			<Arguments>run</Arguments>
		</Exec>
	</Actions>
</Task>
`;
}

/** The task's file as Task Scheduler reads it: UTF-16 with a mark of its byte order. */
export const taskFile = (task: string) => Buffer.from(`\ufeff${task.replaceAll("\n", "\r\n")}`, "utf16le");
