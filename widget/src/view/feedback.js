/** Rates answers, one request after the other, so that the last click is the one that stays; then asks why. */
import css from './feedback.css';

export { css };

const LONGEST_COMMENT = 2000;

export function create({ api, session, actions, h, t }) {
  const { change } = actions.tools;
  let sending = Promise.resolve();

  /** Shown at once; taken back when the host does not take it. */
  function send({ id, messageId }, rating, comment) {
    change(id, () => ({ rating }));
    const body = { session_id: session.get(), message_id: messageId, rating, comment };
    sending = sending.then(() =>
      api.request('feedback', { body }).then(
        () => change(id, () => ({ taken: rating })),
        () => change(id, (now) => now.rating === rating && { rating: now.taken }),
      ),
    );
  }

  function commentForm(message, rating) {
    const words = t('Tell us more (optional)');
    const input = h('input', { 'aria-label': words, placeholder: words, maxlength: LONGEST_COMMENT, dir: 'auto' });
    const onsubmit = (event) => {
      event.preventDefault();
      if (input.value.trim()) send(message, rating, input.value.trim());
      const thanks = h('p', { class: 'note', role: 'status', tabindex: '-1' }, t('Thank you!'));
      form.replaceWith(thanks);
      thanks.focus();
    };
    const form = h('form', { class: 'comment', onsubmit }, input, h('button', { class: 'primary' }, t('Send')));
    return form;
  }

  return {
    /** place: the row of thumbs, behind which the comment stands. */
    rate(message, rating, place) {
      send(message, rating);
      place.parentNode.querySelector('.comment')?.remove();
      place.after(commentForm(message, rating));
    },
    /** Where a page may not write to the clipboard the button says nothing, and the text can still be marked. */
    async copy({ text }, button) {
      const was = button.title;
      await navigator.clipboard?.writeText(text).then(() => {
        button.title = t('Copied');
        button.setAttribute('aria-label', t('Copied'));
      }, () => {});
      button.addEventListener('blur', () => {
        button.title = was;
        button.setAttribute('aria-label', was);
      }, { once: true });
    },
  };
}
