// The browser's side of the wall's media connection: nine video tracks and one of sound, receiving only. When it
// is opened and what the tracks show is decided elsewhere.
import type { Peer } from './link';

export interface PathStats {
  roundTripMs: number | null;
}

/** Cameras send H.264. Ten lines that offer every codec of the browser would be a description four times as long. */
function ourCodecs(): RTCRtpCodec[] {
  const all = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  return all.filter(({ mimeType }) => /\/(h264|rtx)$/i.test(mimeType));
}

export class WallPeer implements Peer {
  onchange: (() => void) | null = null;
  readonly videos: MediaStreamTrack[];
  readonly sound: MediaStreamTrack;
  readonly #connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });

  constructor(slots: number) {
    this.videos = Array.from({ length: slots }, () => this.#receive('video'));
    this.sound = this.#receive('audio');
    this.#connection.onconnectionstatechange = () => this.onchange?.();
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#connection.connectionState;
  }

  /** Without waiting for candidates: the hub learns our address from the first packet, which saves a round. */
  async offer(): Promise<string> {
    await this.#connection.setLocalDescription();
    return this.#connection.localDescription?.sdp ?? '';
  }

  answer(sdp: string): Promise<void> {
    return this.#connection.setRemoteDescription({ type: 'answer', sdp });
  }

  close(): void {
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
  }

  async stats(): Promise<PathStats> {
    let roundTripMs: number | null = null;
    for (const report of (await this.#connection.getStats()).values()) {
      const pair = report as RTCIceCandidatePairStats & { nominated?: boolean };
      if (pair.type !== 'candidate-pair' || !pair.nominated || pair.currentRoundTripTime === undefined) continue;
      roundTripMs = pair.currentRoundTripTime * 1_000;
    }
    return { roundTripMs };
  }

  #receive(kind: 'video' | 'audio'): MediaStreamTrack {
    const transceiver = this.#connection.addTransceiver(kind, { direction: 'recvonly' });
    const { receiver } = transceiver;
    if (kind === 'video') transceiver.setCodecPreferences(ourCodecs());
    // As little waiting in the browser as its own jitter allows: operators act on what they see now.
    if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    return receiver.track;
  }
}
