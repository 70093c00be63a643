/*
 * What is kept of each second of a broadcast, as positions in a SecondRing. Lateness is arrival minus decode time: only differences
 * of it mean anything.
 */
export const videoFrames = 0;
export const videoBytes = 1;
export const audioFrames = 2;
export const audioBytes = 3;
export const leastVideoLateness = 4;
export const mostVideoLateness = 5;
export const leastAudioLateness = 6;
export const mostAudioLateness = 7;
export const longestGop = 8;
export const reorderedFrames = 9;
export const missingFrames = 10;
export const largestFrame = 11;
export const standingTimes = 12;
export const timeJumps = 13;
export const audioHoles = 14;
/** How far the decode time has gone on. */
export const mediaMs = 15;

export const latenesses = [leastVideoLateness, mostVideoLateness, leastAudioLateness, mostAudioLateness] as const;

const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
/** What a second begins with. */
export const emptySecond = [0, 0, 0, 0, most, least, most, least, 0, 0, 0, 0, 0, 0, 0, 0] as const;
