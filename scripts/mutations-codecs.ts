import type { Mutation } from "./mutations.ts";

const H265 = "agent/codecs/h265.test.ts";
const CODECS = "agent/codecs/codecs.test.ts";
const AUDIO = "agent/codecs/audio.test.ts";
const MJPEG = "agent/codecs/mjpeg.test.ts";
const LATENCY = "agent/codecs/low-latency.test.ts";
const FAULTS = "test/cameras/media-faults.test.ts";

/** What keeps the agent along with cameras that send strange pictures and sounds. */
export const CODECS_MUTATIONS: readonly Mutation[] = [
	{
		file: "agent/codecs/nal-units.ts",
		find: "const code = buffer.indexOf(START_CODE, start);",
		replace: "const code = -1;",
		test: FAULTS,
		name: "P01",
		why: "a camera that sends whole byte streams never has a key frame",
	},
	{
		file: "agent/codecs/nal-units.ts",
		find: "if (type !== fragmentation && this.#fragments) this.damage();",
		replace: "",
		test: CODECS,
		name: "damage",
		why: "half a picture is taken for nothing, and what rests on it is shown broken",
	},
	{
		file: "agent/codecs/marker.ts",
		find: "if (this.#atEnd) this.#lying = true;",
		replace: "",
		test: CODECS,
		name: "P02",
		why: "a marker on every slice cuts pictures to pieces",
	},
	{
		file: "agent/codecs/pictures.ts",
		find: "if (picture.damaged || (this.#waiting && !picture.key)) return;",
		replace: "if (picture.damaged) return;",
		test: CODECS,
		name: "damage",
		why: "broken pictures are shown after a loss",
	},
	{
		file: "agent/codecs/pictures.ts",
		find: "picture.bytes + LENGTH_BYTES + nal.length <= MAX_PICTURE_BYTES &&",
		replace: "",
		test: H265,
		why: "an endless picture fills the memory",
	},
	{
		file: "agent/codecs/h265.ts",
		find: "starts || afterEnd || type <= Nal.lastBla",
		replace: "false",
		test: H265,
		why: "a viewer sees pictures that refer to ones it never had",
	},
	{
		file: "agent/codecs/h265.ts",
		find: "if (layerOf(nal) !== 0) return;",
		replace: "",
		test: H265,
		why: "another layer's units spoil the picture",
	},
	{
		file: "agent/codecs/hevc-sets.ts",
		find: "if (general[LEVEL_AT]! >= needed) return general;",
		replace: "return general;",
		test: H265,
		why: "the browser refuses or slows what it could play",
	},
	{
		file: "agent/rtsp/sdp.ts",
		find: 'const VIDEO = ["H264", "H265", "JPEG"];',
		replace: 'const VIDEO = ["H265", "H264", "JPEG"];',
		test: H265,
		why: "a picture that plays nowhere is preferred to one that plays everywhere",
	},
	{
		file: "agent/rtsp/sdp.ts",
		find: "offered.find((candidate) => !isInterleaved(candidate))",
		replace: "offered[0]",
		test: H265,
		why: "pictures out of order are shown as they come",
	},
	{
		file: "agent/codecs/order.ts",
		find: "isBefore(head.order, before))) this.#reordered = true;",
		replace: "false)) this.#reordered = true;",
		test: LATENCY,
		why: "pictures of a camera with B-frames jump back and forth",
	},
	{
		file: "agent/codecs/order.ts",
		find: "this.#seen >= SURE_AFTER",
		replace: "true",
		test: LATENCY,
		why: "the promise of no reordering is made before anything was seen",
	},
	{
		file: "agent/codecs/aac.ts",
		find: "if (frames) return frames",
		replace: "if (frames && false) return frames",
		test: FAULTS,
		name: "ADTS",
		why: "a camera that sends ADTS has no sound",
	},
	{
		file: "agent/codecs/latm.ts",
		find: "if (lost || this.#element?.timestamp !== timestamp) this.#element = undefined;",
		replace: "",
		test: AUDIO,
		why: "halves of two pieces of sound are put together",
	},
	{
		file: "agent/codecs/mjpeg.ts",
		find: "offset !== picture.bytes || !fits",
		replace: "!fits",
		test: MJPEG,
		why: "pictures with holes are shown",
	},
	{
		file: "agent/codecs/reception.ts",
		find: "if (timestampUs - this.#groupStartUs < PICTURE_GROUP_US) return false;",
		replace: "",
		test: "test/cameras/formats.test.ts",
		name: "MJPEG",
		why: "a stream for each picture exhausts some browsers",
	},
	{
		file: "web/src/watch/jpeg-decoder.ts",
		find: "if (this.#isClosed) picture.close();",
		replace: "if (this.#isClosed) return;",
		test: "web/src/watch/jpeg-decoder.test.ts",
		why: "pictures that nobody wants hold the browser's memory",
	},
];
