/** What a frame has in it: nothing to show (SEI, parameter sets only), a picture, or a picture that decoding can begin at. */
export type FrameContent = 'no-picture' | 'picture' | 'sync';
