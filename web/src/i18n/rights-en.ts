/** What the pages of a person's rights say, in English. */
export const rightsEn = {
	"problem.export-running": "A copy is being made already. Try again when it is there, or in half a minute.",

	"documents.privacy": "Privacy policy",
	"documents.rights": "Use your rights:",

	"rename.action": "Rename",
	"rename.of": "Rename {name}",
	"rename.title": "Rename “{name}”",
	"rename.label": "New name",

	"data.title": "Your data and your rights",
	"data.lead": "What we hold of you, why and for how long, and a button for every right.",
	"data.open": "See your data and rights",
	"data.held": "What we hold",
	"data.entry": "1 entry",
	"data.entries": "{count} entries",
	"data.inMemory": "never stored",
	"data.anonymous": "about nobody",
	"data.whyText": "What for: {why}. Legal basis: {basis}.",
	"data.keptText": "Kept: {kept}.",
	"data.contract": "contract",
	"data.interest": "legitimate interest",
	"data.law": "legal obligation",
	"data.correct": "Correct it",
	"data.correctText":
		"You change your name, address and language, and the names of passkeys and sessions, on your account’s page; names of agents on theirs, and cameras in their settings.",

	"copy.title": "Get a copy",
	"copy.text":
		"Everything we hold of you, as one ZIP that opens without a network: pages to read, JSON and CSV for programs, signed by us. No passwords, no keys.",
	"copy.action": "Download the copy",
	"copy.begun": "The download has begun.",
	"copy.verify": "Somebody doubts that it is whole?",

	"objection.title": "Object",
	"objection.text":
		"To watch over the service’s reliability we store when a camera’s stream began, stopped or failed, and the day an agent was last heard. You may object: it then stops at once, and what there is of it is deleted. Your cameras go on working.",
	"objection.action": "Object to this",
	"objection.stands": "You objected. Nothing of it is stored.",
	"objection.withdraw": "Take the objection back",

	"restriction.title": "Restrict the use of your data",
	"restriction.text":
		"We keep your data, past its usual time too, and show it to you, and do nothing else with it: no picture is carried, until you lift the restriction.",
	"restriction.action": "Restrict",
	"restriction.question": "Restrict the use of your data?",
	"restriction.questionText":
		"Pictures stop at once, in every browser. You lift the restriction here whenever you like.",
	"restriction.stands": "The use of your data is restricted. No picture is carried.",
	"restriction.lift": "Lift the restriction",

	"directives.title": "After your death",
	"directives.text":
		"You may say what is to be done with your data then, and who sees to it (French law of 6 January 1978, article 85). You change or forget it at any time.",
	"directives.label": "Your directives",
	"directives.since": "Recorded {day}",
	"directives.forget": "Forget them",

	"erase.title": "Erase the account",
	"erase.text":
		"The account cannot be used from then on, and pictures stop. For seven days a link that we mail you brings it back; then everything is erased, and you get a signed receipt. The last backup is gone within 30 days.",
	"erase.action": "Erase the account",
	"erase.question": "Erase your account?",
	"erase.questionText":
		"Every browser is signed out and every camera goes dark at once. For seven days the mailed link undoes it.",
	"erase.left": "Your account is closed, and will be erased on {day}. The link that keeps it is on its way to {email}.",

	"left.title": "Goodbye",
	"left.lead": "Changed your mind? Open the link in the mail within seven days.",
	"undo.title": "Keep your account",
	"undo.lead": "Your account is about to be erased. Keep it, and all is as it was before.",
	"undo.action": "Keep the account",
	"undo.busy": "Bringing it back",
	"undo.done": "Your account stays, with all that was in it. Sign in as before.",

	"request.title": "Your requests",
	"request.lead": "What you asked for, here or by mail, and by when it must be done.",
	"request.none": "None yet.",
	"request.access": "Copy of your data",
	"request.rectification": "Correction",
	"request.erasure": "Erasure of the account",
	"request.portability": "Portability",
	"request.objection": "Objection",
	"request.restriction": "Restriction",
	"request.directives": "Directives for after your death",
	"request.other": "Another request",
	"request.received": "Received {day}",
	"request.open": "to be answered by {day}",
	"request.done": "done {day}",
	"request.refused": "refused {day}",
	"request.withdrawn": "taken back {day}",

	"complain.title": "Complain",
	"complain.text": "Not content with how we treat your data? Write to us, or to a supervisory authority.",
	"complain.cnil": "The CNIL, in France",
	"complain.others": "The authorities of the other countries of the EU",

	"bring.title": "Bring data along",
	"bring.lead":
		"Takes name, language, cameras and their sound out of a copy into this account. Passwords are in no copy: you type them again.",
	"bring.full":
		"This account has other cameras already. Data is brought into an account that has none but those of the copy.",
	"bring.account": "Name and language are those of {name} from then on.",
	"bring.noCameras": "There are no cameras in the copy.",
	"bring.action": "Bring it along",
	"bring.busy": "Bringing it along",
	"bring.done": "{name} is here.",
	"bring.all": "All of it is here.",
	"bring.link": "Have a copy from another account?",

	"verify.title": "Verify an archive",
	"verify.lead":
		"Whether a copy of somebody’s data is as this service made it. It is checked in your browser; nothing is sent.",
	"verify.file": "The archive (ZIP)",
	"verify.busy": "Checking",
	"verify.whole": "Whole and unchanged: made by {service} on {day}.",
	"verify.notAnArchive": "This is no copy that Mivisus made, or it broke off while it was downloaded.",
	"verify.newer": "It was made by a newer version of Mivisus than this one.",
	"verify.unknownKey": "It is signed, but not with a key of this service.",
	"verify.badSignature": "The signature does not hold: the list of files was changed, or was never ours.",
	"verify.missing": "A file is missing: {path}",
	"verify.extra": "A file was added: {path}",
	"verify.changed": "A file was changed: {path}",

	"receipt.title": "Receipt of an erasure",
	"receipt.lead": "Says what was erased and when. It names nobody; its signature is checked in your browser.",
	"receipt.number": "Number of the receipt",
	"receipt.action": "Show the receipt",
	"receipt.whole": "The signature holds: this receipt is ours, unchanged.",
	"receipt.broken": "The signature does not hold: this receipt is not as we made it.",
	"receipt.erased": "Erased on {day}: {count} entries.",
	"receipt.backups": "The last backup that held them is gone by {day}.",
	"receipt.until": "{what}, until {day} ({law})",
	"receipt.kept": "What the law has us keep",
} as const;
