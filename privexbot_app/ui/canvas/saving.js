/* Commits: one for every gesture, one on its way at a time, sent again until the server has answered. */

import { diff, isEmpty } from "./graph.js";

const RETRY_MS = [2000, 4000, 8000, 15000, 30000];

export class Saving {
  #send;
  #tell;
  #saved = null;
  #wanted = null;
  #onWay = null;
  #seq = 0;
  #rev = 0;
  #timer = 0;
  #attempts = 0;

  /** send: gets {rev, seq, patch}. tell: gets whether something is not saved yet. */
  constructor(send, tell) {
    this.#send = send;
    this.#tell = tell;
  }

  /** The server's own flow, under the number that every commit to it carries. */
  begin(spec, rev) {
    this.stop();
    this.#saved = this.#wanted = spec;
    this.#onWay = null;
    this.#rev = rev;
    this.#tell(false);
  }

  want(spec) {
    this.#wanted = spec;
    this.#pump();
  }

  /** The server has taken a commit. */
  acknowledge(seq) {
    if (!this.#onWay || this.#onWay.seq !== seq) return;
    this.stop();
    this.#saved = this.#onWay.spec;
    this.#onWay = null;
    this.#attempts = 0;
    this.#pump();
  }

  /** The server cannot take a commit: it waits for the next gesture, which carries its changes along. */
  refuse(seq) {
    if (!this.#onWay || this.#onWay.seq !== seq) return;
    this.stop();
    this.#onWay = null;
    this.#attempts = 0;
  }

  /** Try at once what is waiting for its next try. */
  again() {
    if (this.#onWay) this.#deliver();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #pump() {
    const patch = diff(this.#saved, this.#wanted);
    this.#tell(Boolean(this.#onWay) || !isEmpty(patch));
    if (this.#onWay || isEmpty(patch)) return;
    this.#seq += 1;
    this.#onWay = { seq: this.#seq, spec: this.#wanted, patch };
    this.#deliver();
  }

  #deliver() {
    this.stop();
    const { seq, patch } = this.#onWay;
    this.#send({ rev: this.#rev, seq, patch });
    const pause = RETRY_MS[Math.min(this.#attempts, RETRY_MS.length - 1)];
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#onWay && this.#deliver(), pause);
  }
}
