/** The drawings, on a field of 24 by 24. One export each, so that the loader carries only its own two. */
export const CHAT =
  'M12 3.5c-5 0-9 3.4-9 7.7 0 2.4 1.3 4.6 3.3 6l-.8 3.3 3.8-1.9c.9.2 1.8.3 2.7.3 5 0 9-3.4 9-7.7s-4-7.7-9-7.7z';
export const DOWN = 'M5.5 9l6.5 6.5L18.5 9';
export const CLOSE = 'M6 6l12 12M18 6L6 18';
export const SEND = 'M12 19V5M5.5 11.5L12 5l6.5 6.5';
export const STOP = 'M8 8h8v8H8z';
export const FRESH = 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4';
/** Upside down it says the opposite. */
export const THUMB =
  'M7 11v9H4v-9zM7 11l4-7a2 2 0 0 1 2 2.5l-.6 3.5H18a2 2 0 0 1 2 2.4l-1.3 6a2 2 0 0 1-2 1.6H7';
export const COPY = 'M9 9h11v11H9zM5 15H4V4h11v1';
