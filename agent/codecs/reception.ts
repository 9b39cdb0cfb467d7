import { PICTURE_GROUP_US } from "../limits.ts";
import type { Unit } from "../publish/gop.ts";
import type { BroadcastClock, MediaTracks } from "../publish/media.ts";
import { parseSenderReport } from "../rtp/packet.ts";
import { RtpReceiver } from "../rtp/receiver.ts";
import { Timeline } from "../rtp/timeline.ts";
import { parameterSets, type SdpMedia } from "../rtsp/sdp.ts";
import type { AudioConfig, AudioDepacketizer } from "./audio.ts";
import { H264Depacketizer } from "./h264.ts";
import { H265Depacketizer } from "./h265.ts";
import { MjpegDepacketizer } from "./mjpeg.ts";
import { audioDepacketizer, isPublishable } from "./sound.ts";
import type { VideoConfig, VideoDepacketizer } from "./video.ts";

type Kind = "video" | "audio";

export interface ReceptionListener {
	/** The tracks became known or changed; units follow. */
	tracks(tracks: MediaTracks): void;
	unit(kind: Kind, unit: Unit): void;
	/** Packets come, but no picture can be shown yet. */
	waiting(): void;
}

function videoDepacketizer(media: SdpMedia): VideoDepacketizer {
	if (media.encoding === "JPEG") return new MjpegDepacketizer();
	const Depacketizer = media.encoding === "H265" ? H265Depacketizer : H264Depacketizer;
	return new Depacketizer(parameterSets(media));
}

/** What one RTSP session brings: packets in, tracks and units out. Does no I/O. */
export class Reception {
	#video: { receiver: RtpReceiver; depacketizer: VideoDepacketizer; timeline: Timeline };
	#audio: { receiver: RtpReceiver; depacketizer: AudioDepacketizer; timeline: Timeline } | undefined;
	/** Whether every picture is a key picture, and when the group of the last one began. */
	#allKeys: boolean;
	#groupStartUs = 0;
	#soundProblem: string | undefined;
	/** What was told of the tracks; sound may become known after the picture. */
	#told: { video: VideoConfig; audio: AudioConfig | undefined } | undefined;
	#clock: BroadcastClock;
	#tell: ReceptionListener;
	#packets = 0;
	#live = false;

	/** `lastUs`: timestamps go on above these, which an earlier session has used. */
	constructor(options: {
		video: SdpMedia;
		audio: SdpMedia | undefined;
		transport: "tcp" | "udp";
		clock: BroadcastClock;
		lastUs: Record<Kind, number>;
		tell: ReceptionListener;
	}) {
		const { video, audio, transport, lastUs } = options;
		this.#clock = options.clock;
		this.#tell = options.tell;
		const timeline = new Timeline({ clockRate: video.clockRate, afterUs: lastUs.video });
		this.#video = {
			receiver: new RtpReceiver(video.payloadType ?? 0, transport),
			depacketizer: videoDepacketizer(video),
			timeline,
		};
		this.#allKeys = video.encoding === "JPEG";
		const depacketizer = audio && audioDepacketizer(audio);
		if (depacketizer && "problem" in depacketizer) this.#soundProblem = depacketizer.problem;
		else if (audio && depacketizer) {
			this.#audio = {
				receiver: new RtpReceiver(audio.payloadType ?? 0, transport),
				depacketizer,
				timeline: new Timeline({ clockRate: audio.clockRate, afterUs: lastUs.audio, leader: timeline }),
			};
		}
	}
	/** RTP packets that came, of any track: the sign that the camera is there (P06). */
	get packets(): number {
		return this.#packets;
	}
	/** Whether a picture was given. */
	get live(): boolean {
		return this.#live;
	}
	/** Takes one RTP packet as it came. */
	packet(kind: Kind, data: Uint8Array): void {
		this.#packets += 1;
		if (this.#packets === 1) this.#tell.waiting();
		const nowMs = this.#clock.now();
		if (kind === "video") this.#pictures(this.#video.receiver.push(data, nowMs), nowMs);
		else if (this.#audio) this.#sounds(this.#audio.receiver.push(data, nowMs), nowMs);
	}
	/** Takes one RTCP packet as it came. */
	report(kind: Kind, data: Uint8Array): void {
		const report = parseSenderReport(data);
		if (report) (kind === "video" ? this.#video : this.#audio)?.timeline.report(report);
	}
	/** Bytes of the connection were lost. */
	lost(): void {
		this.#video.receiver.markLost();
		this.#audio?.receiver.markLost();
	}
	/** Whether `head` can begin a packet of that track. */
	expects(kind: Kind, head: Uint8Array): boolean {
		return (kind === "video" ? this.#video : this.#audio)?.receiver.expects(head) ?? false;
	}
	/** Lets go what waited too long for its elders; call it now and then. */
	expire(): void {
		const nowMs = this.#clock.now();
		this.#pictures(this.#video.receiver.expire(nowMs), nowMs);
		if (this.#audio) this.#sounds(this.#audio.receiver.expire(nowMs), nowMs);
	}
	#pictures(ordered: ReturnType<RtpReceiver["push"]>, nowMs: number): void {
		const { depacketizer, timeline } = this.#video;
		for (const { packet, lost } of ordered) {
			for (const { timestamp, key, arrivedMs, data, config } of depacketizer.push(packet, lost > 0, nowMs)) {
				if (config) this.#tellTracks(config);
				this.#live = true;
				const timestampUs = timeline.map(timestamp, arrivedMs);
				if (config) this.#groupStartUs = 0;
				const begins = key && this.#beginsGroup(timestampUs);
				this.#tell.unit("video", { timestampUs, key: begins, data });
			}
		}
	}
	/** Where every picture stands alone, a second of them is a group: a stream for each would exhaust some browsers (W01). */
	#beginsGroup(timestampUs: number): boolean {
		if (!this.#allKeys) return true;
		if (timestampUs - this.#groupStartUs < PICTURE_GROUP_US) return false;
		this.#groupStartUs = timestampUs;
		return true;
	}
	#sounds(ordered: ReturnType<RtpReceiver["push"]>, nowMs: number): void {
		if (!this.#audio) return;
		const { depacketizer, timeline } = this.#audio;
		for (const { packet, lost } of ordered) {
			for (const { timestamp, data } of depacketizer.push(packet, lost > 0)) {
				const timestampUs = timeline.map(timestamp, nowMs);
				if (this.#told && this.#told.audio !== depacketizer.config) this.#tellTracks(this.#told.video);
				// Nobody knows of the track before the first picture.
				if (this.#live) this.#tell.unit("audio", { timestampUs, key: true, data });
			}
		}
	}
	#tellTracks(video: VideoConfig): void {
		const audio = this.#audio?.depacketizer.config;
		this.#told = { video, audio };
		this.#tell.tracks({
			video,
			...(audio && isPublishable(audio) && { audio }),
			...(this.#soundProblem !== undefined && { soundProblem: this.#soundProblem }),
		});
	}
}
