import { withBase } from 'vitepress'
import { defineComponent, h, ref } from 'vue'

/** A page of its own inside of this one. It starts when the reader asks for it: until then there is its picture. */
export const LivePage = defineComponent({
  props: {
    /** Address on the site, such as `/live/demo/index.html`. */
    src: { type: String, required: true },
    title: { type: String, required: true },
    /** Picture of it; without one it starts by itself. */
    poster: { type: String, default: '' },
    start: { type: String, default: 'Run it here' },
  },
  setup(props) {
    const running = ref(props.poster === '')
    return () =>
      h('figure', { class: 'live-page' }, [
        running.value
          ? h('iframe', {
              src: withBase(props.src),
              title: props.title,
              allow: 'fullscreen; gamepad; autoplay; clipboard-write',
            })
          : h('button', { type: 'button', onClick: () => (running.value = true) }, [
              h('img', { src: withBase(props.poster), alt: props.title, width: 1280, height: 720 }),
              h('span', `▶ ${props.start}`),
            ]),
        h('figcaption', [
          props.title,
          ' · ',
          h(
            'a',
            { href: withBase(props.src), target: '_blank', rel: 'noreferrer' },
            'Open it in a tab of its own',
          ),
        ]),
      ])
  },
})
