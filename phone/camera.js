// The camera: one frame after the other goes to the network, as fast as it answers.

export class Camera {
  #stream = null;

  /** `label` takes an ImageBitmap and answers when its mask is shown; `say` tells the reader. */
  constructor(button, label, say) {
    Object.assign(this, { button, label, say });
    button.onclick = () => (this.running ? this.stop() : this.start());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.stop(); });
  }

  get running() {
    return this.#stream !== null;
  }

  async start() {
    if (!navigator.mediaDevices) {
      return this.say("The camera needs a page with https in its address, or a newer browser.", true);
    }
    let stream;
    try {
      const wanted = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
      stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch (error) {
      const refused = "The camera was not allowed: allow it in the browser's settings of this page.";
      return this.say(error.name === "NotAllowedError" ? refused : `The camera cannot be used: ${error.message}.`, true);
    }
    this.stop();
    this.#stream = stream;
    this.button.setAttribute("aria-pressed", "true");
    this.say("The camera runs. Touch “Camera” again to keep the picture.");
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true, srcObject: stream });
    await video.play();
    this.#loop(video, stream);
  }

  /** Stop the camera; the last picture stays. */
  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.button.setAttribute("aria-pressed", "false");
  }

  async #loop(video, stream) {
    const times = [];
    while (this.#stream === stream) {
      const start = performance.now();
      try {
        await this.label(await createImageBitmap(video));
      } catch (error) {
        if (error.message === "stopped") continue; // another model was chosen: go on with that one
        this.stop();
        return this.say(`It did not work: ${error.message}.`, true);
      }
      times.push(performance.now() - start);
      if (times.length === 5) {
        const seconds = times.splice(0).reduce((sum, one) => sum + one) / 1000;
        this.say(`The camera runs, ${(5 / seconds).toFixed(1)} pictures a second.`);
      }
      await new Promise(requestAnimationFrame);
    }
    this.say("The camera is off; the last picture stays.");
  }
}
