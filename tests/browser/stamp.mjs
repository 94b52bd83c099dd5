// Reads the time stamp that the live test camera draws into its picture (tests/src/stamp.rs), from a
// <video> on the page by way of a canvas.

/**
 * Runs in the page. The time in the picture of `video`, in ms of Unix time, or null.
 * Two rows of 32 cells in the lower left corner; a cell is an eightieth of the width.
 */
export function readStamp(video) {
  const width = video.videoWidth;
  const height = video.videoHeight;
  const cell = Math.floor(width / 80);
  if (cell < 4) return null;
  const canvas = (window.stampCanvas ??= document.createElement('canvas'));
  canvas.width = cell * 32;
  canvas.height = cell * 2;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, height - cell * 2, cell * 32, cell * 2, 0, 0, cell * 32, cell * 2);
  const { data } = context.getImageData(0, 0, cell * 32, cell * 2);
  let word = 0n;
  for (let row = 0; row < 2; row += 1) {
    for (let column = 0; column < 32; column += 1) {
      const x = column * cell + (cell >> 1);
      const y = row * cell + (cell >> 1);
      word = (word << 1n) | (data[(y * canvas.width + x) * 4 + 1] > 128 ? 1n : 0n);
    }
  }
  const millis = word >> 16n;
  const turn = (value, by) => ((value << BigInt(by)) | (value >> BigInt(16 - by))) & 0xffffn;
  const check = 0xa55an ^ (millis & 0xffffn) ^ turn((millis >> 16n) & 0xffffn, 5) ^ turn((millis >> 32n) & 0xffffn, 11);
  return check === (word & 0xffffn) ? Number(millis) : null;
}
