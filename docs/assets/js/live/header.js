/** How many pixels a file says it holds, read before it is decoded: a small file can unfold into
 * a huge picture. */

/** @param {DataView} view @returns {[number, number]|undefined} width and height */
function jpeg(view) {
  for (let at = 2; at + 9 < view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** @param {ArrayBuffer} start of the file @returns {number} pixels; 0 where it does not say, or
 * in a way that is not known here */
export function pixelsOf(start) {
  const view = new DataView(start);
  if (view.byteLength < 26) return 0;
  /** @type {[number, number]|undefined} */
  let size;
  const first = view.getUint32(0);
  if (first === 0x89504e47) size = [view.getUint32(16), view.getUint32(20)];
  else if (first === 0x47494638) size = [view.getUint16(6, true), view.getUint16(8, true)];
  else if (first >>> 16 === 0xffd8) size = jpeg(view);
  else if (first >>> 16 === 0x424d) {
    size = [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
  }
  return size ? size[0] * size[1] : 0;
}
