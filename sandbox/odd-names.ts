/** Names of files, without what only one provider lets through: case, twins, compositions, controls, markup and length. */
export const oddNames = [
  'IMG_0001.JPG',
  'IMG_0001.jpg',
  'IMG_0001.jpg',
  'IMG_0001.jpg',
  'Cafe\u0301.jpg',
  'Caf\u00e9.jpg',
  '🎂 Torte.jpg',
  'a\u0001b\u001fc\u007f.jpg',
  '<img src=x onerror=alert(1)>.jpg',
  'percent %2e%2e%2f.jpg',
  'semi;colon,comma "quote".jpg',
  'trailing space .jpg ',
  `${'x'.repeat(296)}.jpg`,
  'written as.png',
  '写真.jpg',
]
