/**
 * The contact form. Sends nothing without the visitor's consent.
 */
import css from './lead.css';

export { css };

const TYPES = { email: 'email', phone: 'tel' };
const HINTS = { email: 'email', phone: 'tel', name: 'name', company: 'organization' };

/** lead: {message?, fields?: [name or {name, label?, type?, required?}]}; without fields, name and e-mail. */
export function create({ lead, getTraits, actions, api, session, store, emit, part, t, h }) {
  const traits = getTraits();
  const fields = readFields(lead.fields);
  const inputs = fields.map(({ name, type, required }) =>
    h('input', { name, type, required, autocomplete: HINTS[name], maxlength: 300, value: traits?.[name], dir: 'auto' }),
  );
  const failure = h('p', { class: 'form-failure', role: 'alert' });
  const submit = h('button', { class: 'primary' }, t('Submit'));
  const onsubmit = (event) => {
    event.preventDefault();
    const filled = inputs.filter((input) => input.value.trim());
    submitLead(Object.fromEntries(filled.map(({ name, value }) => [name, value.trim()])));
  };
  const become = (state) => store.set({ lead: { ...store.get().lead, state } });

  async function submitLead(values) {
    become('sending');
    try {
      await api.request('leads', { body: { session_id: session.get(), fields: values, consent: true } });
      become('sent');
      emit('lead', { fields: values });
    } catch (problem) {
      become(problem.kind || 'server');
    }
  }

  const form = h(
    'form',
    { class: 'lead', onsubmit },
    h('p', { dir: 'auto' }, lead.message || t('Leave your details and we will get back to you.')),
    fields.map(({ label }, at) => h('label', null, h('span', { dir: 'auto' }, t(label)), inputs[at])),
    h(
      'label',
      { class: 'consent' },
      h('input', { type: 'checkbox', required: true }),
      h('span', { dir: 'auto' }, lead.consent_text || t('I agree that my details are stored to contact me.')),
    ),
    failure,
    h('div', { class: 'buttons' }, submit, !lead.is_required && h('button', { type: 'button', class: 'plain', onclick: actions.dismissLead }, t('No thanks'))),
  );
  const element = h('div', null, form);
  return {
    element,
    update({ state }) {
      if (state === 'sent') {
        element.replaceChildren(h('p', { class: 'lead', role: 'status' }, t('Thank you! We will be in touch.')));
        return;
      }
      submit.disabled = state === 'sending';
      if (!state || state === 'sending') failure.textContent = '';
      else part('trouble', { kind: state }).then((trouble) => (failure.textContent = trouble?.words || '!'));
    },
  };
}

function readFields(raw) {
  const wanted = Array.isArray(raw) && raw.length ? raw : ['name', 'email'];
  return wanted
    .map((field) => (typeof field === 'string' ? { name: field } : field))
    .filter((field) => field?.name)
    .map(({ name, label, type, required }) => ({
      name,
      label: label || name[0].toUpperCase() + name.slice(1),
      type: ['text', 'email', 'tel'].includes(type) ? type : TYPES[name] || 'text',
      required: required ?? name === 'email',
    }));
}
