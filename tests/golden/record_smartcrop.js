// Asks the real npm package `smartcrop` for the crops of cases that record_smartcrop.py prepared.
//
//   NODE_PATH=/where/you/ran/npm-install/node_modules node record_smartcrop.js CASES.json > ANSWERS.json
//
// A case: {"pixels": file of raw RGBA bytes of the working picture, "work": [w, h], "size": [W, H] of the source,
// "ratio": [w, h], "minScale": number, "boost": [{x, y, width, height, weight}] in source pixels or null}.
'use strict';

const fs = require('fs');
const smartcrop = require('smartcrop');

// The package only ever sees these three hooks, so no canvas and no resampling of its own come in between.
const imageOperations = {
  open: (picture) => Promise.resolve(picture),
  resample: (picture, width, height) => {
    if (Math.trunc(width) !== picture.work[0] || Math.trunc(height) !== picture.work[1]) {
      throw new Error(`${picture.pixels}: smartcrop asked for ${width}x${height}, the case holds ${picture.work}`);
    }
    return picture;
  },
  getData: (picture) =>
    Promise.resolve(new smartcrop.ImgData(picture.work[0], picture.work[1], fs.readFileSync(picture.pixels))),
};

const box = (crop) => [crop.x, crop.y, crop.width, crop.height];

async function answer({ pixels, work, size, ratio, minScale, boost }) {
  const picture = { pixels, work, width: size[0], height: size[1] };
  const options = { width: ratio[0], height: ratio[1], minScale, boost, imageOperations, debug: true };
  const started = process.hrtime.bigint();
  const result = await smartcrop.crop(picture, options);
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  const candidates = result.crops.map((crop) => crop.score.total);
  // debugTopCrop stays in working pixels, topCrop has been scaled back to the source.
  return { work: box(result.debugTopCrop), source: box(result.topCrop), score: result.topCrop.score.total, candidates, ms };
}

(async () => {
  const answers = [];
  for (const one of JSON.parse(fs.readFileSync(process.argv[2]))) answers.push(await answer(one));
  process.stdout.write(JSON.stringify(answers));
})();
