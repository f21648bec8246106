/** What the loader has brought already (see dom.js), so that no visitor fetches it twice. */
export const { h, icon, addSheet } = window.pb.kit;

export function iconButton(drawing, label, onclick, className = 'ghost') {
  return h('button', { type: 'button', class: className, 'aria-label': label, title: label, onclick }, icon(drawing));
}
